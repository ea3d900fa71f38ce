/** Whether the policy of a document has kept it from asking somewhere. */
export interface PolicyFaults {
  wasBlocked(url: string): Promise<boolean>;
  dispose(): void;
}

/** Tells of a document's own policy, from now on. @param blocked hears of each question that was blocked, by its origin */
export function watchPolicy(document: Document, blocked: (origin: string) => void): PolicyFaults {
  const origins = new Set<string>();
  const heard = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective !== 'connect-src' || !URL.canParse(blockedURI)) return;
    const { origin } = new URL(blockedURI);
    origins.add(origin);
    blocked(origin);
  };
  document.addEventListener('securitypolicyviolation', heard);
  return {
    async wasBlocked(url) {
      // The word of it comes as an event, which may be behind the failure.
      await new Promise((resolve) => setTimeout(resolve, 0));
      return origins.has(new URL(url).origin);
    },
    dispose: () => document.removeEventListener('securitypolicyviolation', heard),
  };
}
