import { nextTick } from 'node:process';

/*
 *   jobs:   answered, and waiting for those before │ under way │ not begun
 *           first ─────────────────────────────────┴─────────▶ begun
 *
 * A broker that writes to disk answers many publishes at once, so the next one begins before the one before it is
 * answered. What is answered leaves from the front, which puts the answers in the order of the commands.
 */

/** With more commands unanswered the wire stops reading, and no more than that are under way. */
export const MOST_UNANSWERED = 1024;

export interface PipelineOptions<Work> {
  /** Whether this may be under way together with its neighbours; what may not has the session to itself. */
  overlaps(work: Work): boolean;
  /** Carries a command out. Resolves with the line that answers it, or nothing when it has answered itself; never rejects. */
  carryOut(work: Work): Promise<string | undefined>;
  /** Writes the lines of answers, in order. */
  write(lines: readonly string[]): void;
  /** Nothing new is begun while this holds; `advance` afterwards. */
  congested(): boolean;
  /** Called after answers have left. */
  moved(): void;
}

interface Job<Work> {
  readonly work: Work;
  readonly sizeBytes: number;
  answered: boolean;
  answer: string | undefined;
}

/**
 * The commands of one session: each is begun in order and answered in order, exactly once. The answers of one turn are
 * written together.
 */
export class Pipeline<Work> {
  readonly #options: PipelineOptions<Work>;
  #jobs: Job<Work>[] = [];
  #begun = 0;
  #settles = false;
  /** Of the commands that are not answered. */
  #sizeBytes = 0;

  constructor(options: PipelineOptions<Work>) {
    this.#options = options;
  }

  get empty(): boolean {
    return this.#jobs.length === 0;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get unanswered(): number {
    return this.#jobs.length;
  }

  add(work: Work, sizeBytes: number): void {
    this.#jobs.push({ work, sizeBytes, answered: false, answer: undefined });
    this.#sizeBytes += sizeBytes;
    this.advance();
  }

  /** Begins what may begin. */
  advance(): void {
    const { overlaps, congested } = this.#options;
    while (this.#begun < this.#jobs.length && this.#begun < MOST_UNANSWERED && !congested()) {
      const job = this.#jobs[this.#begun] as Job<Work>;
      const first = this.#jobs[0] as Job<Work>;
      if (this.#begun > 0 && !(overlaps(first.work) && overlaps(job.work))) return;
      this.#begun++;
      void this.#carryOut(job);
    }
  }

  /** Forgets everything: nobody is there to be answered. */
  end(): void {
    this.#jobs = [];
    this.#begun = 0;
    this.#sizeBytes = 0;
  }

  /** Writes the answers that need not wait for others. */
  settle(): void {
    const lines: string[] = [];
    let settled = 0;
    for (const job of this.#jobs) {
      if (!job.answered) break;
      if (job.answer !== undefined) lines.push(job.answer);
      this.#sizeBytes -= job.sizeBytes;
      settled++;
    }
    if (settled === 0) return;
    this.#jobs.splice(0, settled);
    this.#begun -= settled;
    if (lines.length > 0) this.#options.write(lines);
    this.advance();
    this.#options.moved();
  }

  async #carryOut(job: Job<Work>): Promise<void> {
    job.answer = await this.#options.carryOut(job.work);
    job.answered = true;
    if (this.#settles) return;
    this.#settles = true;
    // After every promise that is settled by now has told its own: a broker settles those of one batch together.
    nextTick(() => {
      this.#settles = false;
      this.settle();
    });
  }
}
