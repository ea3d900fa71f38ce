import type { Encoding, PlaceInTopic } from '@tidewall/contracts';

/** A session, as its cohort sees it. */
export interface CohortMember {
  readonly id: string;
  /** Writes one joined buffer. */
  write(joined: readonly Uint8Array[]): void;
  end(): void;
}

/** A view, as cohorts see it. */
export interface CohortView {
  readonly number: number;
  readonly cohorts: Set<Cohort>;
  /** The same for all views of a session. */
  readonly encoding: Encoding;
  /** Where the sessions in step are. */
  readonly whereabouts: PlaceInTopic;
}

/**
 * Sessions that follow the same views and are in step with all of them: everybody who looks at one screen. What a
 * flush has for them is joined once, and each is handed that same buffer.
 */
export class Cohort {
  readonly key: string;
  readonly views: readonly CohortView[];
  readonly members = new Set<CohortMember>();
  #frames: Uint8Array[] = [];

  constructor(key: string, views: readonly CohortView[]) {
    this.key = key;
    this.views = views;
  }

  /** Adds a frame to this flush. True: it is the first. */
  add(frame: Uint8Array): boolean {
    return this.#frames.push(frame) === 1;
  }

  /** How many frames `take` will join. */
  get waiting(): number {
    return this.#frames.length;
  }

  /** The frames of this flush as one buffer, as an outlet takes it. */
  take(): readonly Uint8Array[] {
    const frames = this.#frames;
    this.#frames = [];
    const after = this.views[0]?.encoding.after?.(this.views.map((view) => view.whereabouts));
    if (after) frames.push(after);
    return frames.length === 1 ? frames : [Buffer.concat(frames)];
  }
}

/** The cohorts that there are; an empty one is let go. */
export class Cohorts {
  readonly #byKey = new Map<string, Cohort>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Puts a session among those that follow exactly these views. */
  join(member: CohortMember, views: Iterable<CohortView>): Cohort {
    const sorted = [...views].sort((a, b) => a.number - b.number);
    const key = sorted.map((view) => view.number).join(' ');
    let cohort = this.#byKey.get(key);
    if (!cohort) {
      cohort = new Cohort(key, sorted);
      this.#byKey.set(key, cohort);
      for (const view of sorted) view.cohorts.add(cohort);
    }
    cohort.members.add(member);
    return cohort;
  }

  leave(member: CohortMember, cohort: Cohort): void {
    cohort.members.delete(member);
    if (cohort.members.size > 0) return;
    this.#byKey.delete(cohort.key);
    for (const view of cohort.views) view.cohorts.delete(cohort);
  }
}
