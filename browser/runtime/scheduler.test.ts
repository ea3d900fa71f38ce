import { FakeClock } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { FRAME_BUDGET_MS, type FrameTask, Scheduler } from './scheduler.ts';
import { FakeFrames } from './testing/fake-frames.ts';

function setUp() {
  const frames = new FakeFrames();
  const clock = new FakeClock(10_400);
  const failures: unknown[] = [];
  const scheduler = new Scheduler({
    serverNow: () => clock.now(),
    frames,
    clock,
    failed: (failure) => failures.push(failure),
  });
  const drawn: string[] = [];
  const task = (name: string, costMs = 0): FrameTask & { visible: boolean } => ({
    visible: true,
    run() {
      drawn.push(name);
      frames.time += costMs;
    },
  });
  return { frames, clock, scheduler, failures, drawn, task };
}

describe('frames', () => {
  test('a frame is only asked for when something is dirty', () => {
    const { frames, scheduler, task, drawn } = setUp();
    expect(frames.wanted).toBe(false);
    scheduler.draw(task('a'));
    expect(frames.wanted).toBe(true);
    frames.frame();
    expect([drawn, frames.wanted]).toEqual([['a'], false]);
  });

  test('a task that becomes dirty many times draws once a frame', () => {
    const { frames, scheduler, task, drawn } = setUp();
    const a = task('a');
    for (let i = 0; i < 100; i++) scheduler.draw(a);
    frames.frame();
    expect(drawn).toEqual(['a']);
  });

  test('a task that marks itself while it draws waits for the next frame', () => {
    const { frames, scheduler, drawn } = setUp();
    const again: FrameTask = {
      visible: true,
      run() {
        drawn.push('again');
        scheduler.draw(again);
      },
    };
    scheduler.draw(again);
    frames.frame();
    expect([drawn, frames.wanted]).toEqual([['again'], true]);
  });

  test('what does not fit the budget draws in the next frame, longest waiting first', () => {
    const { frames, scheduler, task, drawn } = setUp();
    const tasks = ['a', 'b', 'c'].map((name) => task(name, FRAME_BUDGET_MS / 2 + 1));
    for (const each of tasks) scheduler.draw(each);
    frames.frame();
    expect(drawn).toEqual(['a', 'b']);
    scheduler.draw(tasks[0] as FrameTask);
    frames.frame();
    expect(drawn).toEqual(['a', 'b', 'c', 'a']);
    expect(frames.wanted).toBe(false);
  });

  test('a task that alone takes longer than the budget still draws', () => {
    const { frames, scheduler, task, drawn } = setUp();
    scheduler.draw(task('slow', 500));
    scheduler.draw(task('next'));
    frames.frame();
    expect(drawn).toEqual(['slow']);
    frames.frame();
    expect(drawn).toEqual(['slow', 'next']);
  });

  test('a task that is not visible neither draws nor asks for frames, until it is marked visible', () => {
    const { frames, scheduler, task, drawn } = setUp();
    const hidden = task('hidden');
    hidden.visible = false;
    scheduler.draw(hidden);
    expect(frames.wanted).toBe(false);
    scheduler.draw(task('a'));
    frames.frame();
    expect([drawn, frames.wanted]).toEqual([['a'], false]);
    hidden.visible = true;
    scheduler.draw(hidden);
    frames.frame();
    expect(drawn).toEqual(['a', 'hidden']);
  });

  test('a task that throws stops no other', () => {
    const { frames, scheduler, task, drawn, failures } = setUp();
    scheduler.draw({
      visible: true,
      run() {
        throw new Error('broken');
      },
    });
    scheduler.draw(task('a'));
    frames.frame();
    expect(drawn).toEqual(['a']);
    expect(failures).toHaveLength(1);
  });

  test('a hidden page asks for no frames, and draws what is dirty when it is shown again', () => {
    const { frames, scheduler, task, drawn } = setUp();
    scheduler.draw(task('a'));
    frames.setHidden(true);
    scheduler.draw(task('b'));
    expect(frames.wanted).toBe(false);
    frames.setHidden(false);
    frames.frame();
    expect(drawn).toEqual(['a', 'b']);
  });

  test('a forgotten task does not draw, even when a task of the same frame forgets it', () => {
    const { frames, scheduler, task, drawn } = setUp();
    const b = task('b');
    scheduler.draw({ visible: true, run: () => scheduler.forget(b) });
    scheduler.draw(b);
    frames.frame();
    expect(drawn).toEqual([]);
  });
});

describe('everySecond', () => {
  test('calls in a frame just after each second of the server, for all who want it with one timer', async () => {
    const { frames, clock, scheduler } = setUp();
    const seen: number[] = [];
    scheduler.everySecond(() => seen.push(clock.now()));
    scheduler.everySecond(() => seen.push(clock.now()));
    expect(clock.pending).toBe(1);
    for (let i = 0; i < 25; i++) {
      await clock.advance(100);
      frames.frame();
    }
    expect(seen).toEqual([11_100, 11_100, 12_100, 12_100]);
  });

  test('a clock that is set back by a little does not skip a second', async () => {
    const { frames, clock, scheduler } = setUp();
    const shown: number[] = [];
    scheduler.everySecond(() => shown.push(Math.floor(clock.now() / 1000)));
    await clock.advance(300);
    clock.jump(-8);
    await clock.advance(305);
    frames.frame();
    await clock.advance(20);
    frames.frame();
    expect(shown.at(-1)).toBe(11);
  });

  test('is quiet while its owner is not visible', async () => {
    const { frames, clock, scheduler } = setUp();
    let calls = 0;
    let visible = false;
    scheduler.everySecond(
      () => calls++,
      () => visible,
    );
    await clock.advance(1000);
    expect(frames.wanted).toBe(false);
    visible = true;
    await clock.advance(1000);
    frames.frame();
    expect(calls).toBe(1);
  });

  test('a hidden page has no timer, and ticks at once when it is shown again', async () => {
    const { frames, clock, scheduler } = setUp();
    let calls = 0;
    scheduler.everySecond(() => calls++);
    frames.setHidden(true);
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    frames.setHidden(false);
    frames.frame();
    expect(calls).toBe(1);
    expect(clock.pending).toBe(1);
  });

  test('nothing is left when the last one has gone, nor after dispose', () => {
    const { frames, clock, scheduler, task } = setUp();
    const stop = scheduler.everySecond(() => {});
    stop();
    expect(clock.pending).toBe(0);
    scheduler.everySecond(() => {});
    scheduler.draw(task('a'));
    scheduler.dispose();
    scheduler.draw(task('late'));
    scheduler.everySecond(() => {});
    expect([clock.pending, frames.wanted, frames.watched]).toEqual([0, false, false]);
  });
});
