/** One value of one series at one time, in the words of no protocol. */
export interface CaseSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** ms since 1970. */
  readonly t: number;
  readonly value: number;
}

export interface CaseRequest {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CaseAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** What a kind of ingest brings to the contract suite: the default of its `ingest.contract.ts`. Tests only. */
export interface IngestCase {
  /** As its tools send it, each sample with one field `value`. */
  encode(samples: readonly CaseSample[]): CaseRequest;
  /** A body that has these samples, and a broken one before each of them. */
  encodeMixed(samples: readonly CaseSample[]): CaseRequest;
  /** Bodies that cannot be read at any place, with what the answer must say. */
  readonly unreadable: Readonly<Record<string, readonly [CaseRequest, RegExp]>>;
  /** Whole requests that have nothing wrong, of every form that it knows: what the fuzz test starts from. */
  readonly wellFormed: readonly CaseRequest[];
  /** Whether the answer says that all was taken. */
  isSuccess(answer: CaseAnswer): boolean;
  /** Whether the answer says that so many samples were not taken, and that nothing should be sent again. */
  isPartial(answer: CaseAnswer, refused: number): boolean;
  /** What the answer says of what is wrong; undefined: it is not of the protocol's form. */
  messageOf(answer: CaseAnswer): string | undefined;
  /** Whether a tool that is answered this sends the same again. */
  isRetried(answer: CaseAnswer): boolean;
}
