import { z } from 'zod';

/** Configuration of a source of kind `host`. */
export const hostConfigSchema = z.strictObject({
  /** How often the figures are taken; each tick is at a whole multiple of it. */
  everyMs: z.number().int().min(250).max(60_000).default(1_000),
  /** Rows of the table of processes: the busiest first. */
  processes: z.number().int().min(0).max(200).default(20),
  /**
   * Where the kernel's process file system is, when it is not this machine's own `/proc`: a container may see that of
   * its host under `/host/proc`. Naming one makes the source read it on any operating system.
   */
  procDir: z.string().min(1).optional(),
});

export type HostConfig = z.infer<typeof hostConfigSchema>;
