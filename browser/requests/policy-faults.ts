/** Whether the policy of a document has kept it from asking somewhere. */
export interface PolicyFaults {
  wasBlocked(url: string): Promise<boolean>;
  dispose(): void;
}

/** Tells of a document's own policy, from now on. @param blocked hears of each question that is found to be blocked, by its origin */
export function watchPolicy(document: Document, blocked: (origin: string) => void): PolicyFaults {
  const origins = new Set<string>();
  const heard = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective !== 'connect-src' || !URL.canParse(blockedURI)) return;
    origins.add(new URL(blockedURI).origin);
  };
  document.addEventListener('securitypolicyviolation', heard);
  return {
    async wasBlocked(url) {
      // The word of it comes as an event, which may be behind the failure.
      await new Promise((resolve) => setTimeout(resolve, 0));
      const { origin } = new URL(url);
      if (!origins.has(origin)) return false;
      blocked(origin);
      return true;
    },
    dispose: () => document.removeEventListener('securitypolicyviolation', heard),
  };
}
