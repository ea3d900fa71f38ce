#!/usr/bin/env node
import { existsSync } from 'node:fs';

if (existsSync(new URL('../dist/tidewall.js', import.meta.url))) {
  await import('../dist/tidewall.js');
} else {
  process.stderr.write(
    'tidewall is not built yet: run "npm run build" (or "npm start") in its folder, then try again.\n',
  );
  process.exitCode = 1;
}
