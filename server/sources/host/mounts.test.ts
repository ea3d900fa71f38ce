import { expect, it } from 'vitest';
import { parseMounts, readMountUse } from './mounts.ts';

const places = (text: string) => parseMounts(text).map(({ mount }) => mount);

it('what the kernel makes up, images and the network are no disks', () => {
  const text = `proc /proc proc rw 0 0
/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/loop3 /snap/core/1 squashfs ro 0 0
nas:/export /mnt/nas nfs4 rw 0 0
tank/home /home zfs rw 0 0
`;
  expect(places(text)).toEqual(['/', '/home']);
});

it('a device that is mounted twice counts once, at its shortest path', () => {
  expect(places('/dev/sdb1 /var/lib/docker/x ext4 rw 0 0\n/dev/sdb1 /data ext4 rw 0 0\n')).toEqual(['/data']);
});

it('the root of a container is a disk, and of two roots the later', () => {
  const mounts = parseMounts('rootfs / rootfs rw 0 0\noverlay / overlay rw 0 0\n');
  expect(mounts).toEqual([{ device: 'overlay', mount: '/', type: 'overlay' }]);
});

it('a path with a space is read back', () => {
  expect(places('/dev/sdc1 /mnt/my\\040disk\\134x ext4 rw 0 0\n')).toEqual(['/mnt/my disk\\x']);
});

it('a mount is as full as the file system says, and one that is gone is left out', async () => {
  const use = await readMountUse({ device: '/dev/x', mount: process.cwd() });
  expect(use?.totalBytes).toBeGreaterThan(0);
  expect(use?.usedBytes).toBeLessThanOrEqual(use?.totalBytes ?? 0);
  expect(await readMountUse({ device: '/dev/x', mount: '/no/such/place' })).toBeUndefined();
  expect(await readMountUse({ device: '/dev/x', mount: import.meta.filename })).toBeUndefined();
});
