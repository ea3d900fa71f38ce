const RETRY_MS = 2000;

/** What an attempt gives, once one succeeds; `failed` hears why each of the others did not. */
export async function untilItWorks<T>(attempt: () => Promise<T>, failed: (reason: string) => void): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (failure) {
      failed(failure instanceof Error ? failure.message : String(failure));
    }
    await new Promise((again) => setTimeout(again, RETRY_MS));
  }
}
