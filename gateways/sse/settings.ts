import { z } from 'zod';

const DAY_MS = 86_400_000;

/** How long a stream lives whose client only reads, give or take a tenth; then it comes back, and whoever does not is gone. */
export const maxAgeMsField = z.int().min(1000).max(DAY_MS).default(300_000);
