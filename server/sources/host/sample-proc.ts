import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
  eth0:361212701    8273    0    0    0     0          0         0   503208    4835    0    0    0     0       0          0
`;

/** Texts of a small Linux machine, by their place in its process file system. Tests only. */
export const SAMPLE_PROC: Readonly<Record<string, string>> = {
  stat: `cpu  4000 100 2000 30000 300 20 80 50 0 0
cpu0 1900 50 1000 15000 100 10 40 25 0 0
cpu1 2100 50 1000 15000 200 10 40 25 0 0
intr 249910 0 0
ctxt 604769
btime 1795236189
processes 7733
`,
  meminfo: `MemTotal:        8000000 kB
MemFree:         2000000 kB
MemAvailable:    5000000 kB
Buffers:          100000 kB
Cached:          3000000 kB
SReclaimable:     200000 kB
SwapTotal:       1000000 kB
SwapFree:         750000 kB
HugePages_Total:       0
Active(anon):       1560 kB
`,
  loadavg: '0.52 0.34 0.21 2/345 12345\n',
  uptime: '3605.72 6800.10\n',
  diskstats: ` 254       0 vda 35251 9474 2000 7242 19597 18871 4000 12143 0 4820 19949 7753 13 262456 466 2914 96
 254       1 vda1 35000 9474 1990 7242 19597 18871 3990 12143 0 4820 19949 7753 13 262456 466 2914 96
 253       0 dm-0 35000 9474 1990 7242 19597 18871 3990 12143 0 4820 19949
   7       0 loop0 10 0 20 0 0 0 0 0 0 0 0
`,
  'self/net/dev': NET_DEV,
  '1/net/dev': NET_DEV,
  'self/mounts': `proc /proc proc rw,relatime 0 0
/dev/vda1 / ext4 rw,relatime 0 0
tmpfs /run tmpfs rw 0 0
`,
  '1/stat': `1 (systemd) S 0 1 1 0 -1 4194560 48012 2313187 96 1253 150 250 5000 2100 20 0 1 0 12 172826624 3210 18446744073709551615 1 1 0 0 0 0 671173123 4096 1260 0 0 0 17 0 0 0 0 0 0
`,
  '42/stat': `42 (a b) c) R 1 42 42 0 -1 4194304 100 0 0 0 7 3 0 0 20 0 4 0 9000 1000000 250 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0
`,
};

/** Lays that machine's process file system out in a folder. */
export async function writeSampleProc(folder: string, texts = SAMPLE_PROC): Promise<void> {
  for (const [place, text] of Object.entries(texts)) {
    await mkdir(join(folder, place, '..'), { recursive: true });
    await writeFile(join(folder, place), text);
  }
}
