import { z } from 'zod';

/** Configuration of a source of kind `host`. */
export const hostConfigSchema = z.strictObject({
  everyMs: z
    .number()
    .int()
    .min(250)
    .max(60_000)
    .default(1_000)
    .describe('how often the figures are taken, at whole multiples of it'),
  processes: z.number().int().min(0).max(200).default(20).describe('rows of the table of processes, the busiest first'),
  procDir: z
    .string()
    .min(1)
    .optional()
    .describe(
      "where the kernel's process file system is, when it is not /proc: /host/proc in a container that is shown its host's; read on any operating system",
    ),
});

export type HostConfig = z.infer<typeof hostConfigSchema>;
