/** One row of the table of error codes. A code is for ever: it is never renamed and never used for something else. */
export interface ErrorCodeRow {
  readonly code: number;
  /** Whether the same command may succeed later without being changed. */
  readonly retryable: boolean;
}

/** The table of error codes; server, client, reference and tests are made from it. */
export const ERROR_CODES = {
  internal: row(100, true),
  unauthenticated: row(101),
  unknown_topic: row(102),
  permission_denied: row(103),
  unknown_command: row(104),
  already_subscribed: row(105),
  limit_exceeded: row(106),
  bad_request: row(107),
  not_available: row(108),
  token_expired: row(109, true),
  too_many_requests: row(111, true),
  unrecoverable_position: row(112),
  busy: row(113, true),
  source_error: row(114, true),
  source_not_ready: row(115, true),
  unknown_component: row(116),
  shape_mismatch: row(117),
  wrong_kind: row(118),
  unknown_screen: row(119),
  not_subscribed: row(120),
  conflict: row(121),
  storage_full: row(122, true),
} as const satisfies Record<string, ErrorCodeRow>;

export type ErrorName = keyof typeof ERROR_CODES;

/** The HTTP status that says the same as an error code. Apart, as their meanings are: every page carries the table. */
export const ERROR_STATUS: Readonly<Record<ErrorName, number>> = {
  internal: 500,
  unauthenticated: 401,
  unknown_topic: 404,
  permission_denied: 403,
  unknown_command: 400,
  already_subscribed: 409,
  limit_exceeded: 413,
  bad_request: 400,
  not_available: 501,
  token_expired: 401,
  too_many_requests: 429,
  unrecoverable_position: 410,
  busy: 503,
  source_error: 502,
  source_not_ready: 503,
  unknown_component: 404,
  shape_mismatch: 422,
  wrong_kind: 409,
  unknown_screen: 404,
  not_subscribed: 409,
  conflict: 409,
  storage_full: 507,
};

/** What each error code means, for those who read the reference. Apart, since every page carries the table. */
export const ERROR_MEANINGS: Readonly<Record<ErrorName, string>> = {
  internal: 'the server failed; it has logged why',
  unauthenticated: 'who is asking could not be established',
  unknown_topic: 'nothing has been published to that topic and nothing feeds it',
  permission_denied: 'known, but not allowed to do this',
  unknown_command: 'the frame holds no command that this version knows',
  already_subscribed: 'this session follows that topic already',
  limit_exceeded: 'one of the limits would be passed; the message names it',
  bad_request: 'the command or its JSON is malformed; the message names the place',
  not_available: 'the wire knows this, but this server cannot do it',
  token_expired: 'the token is no longer valid; fetch a new one and connect again',
  too_many_requests: 'commands come faster than the limit; wait `afterMs`',
  unrecoverable_position: 'the position is of another epoch, or older than what is kept',
  busy: 'the server is starting, draining or full; wait `afterMs`',
  source_error: 'the source that feeds this topic fails; the message says why',
  source_not_ready: 'the source that feeds this topic has not delivered yet',
  unknown_component: 'no element with that id is on the screen',
  shape_mismatch: 'the data does not fit the contract of its topic; `detail` shows where',
  wrong_kind: 'the operation does not exist for that kind of topic',
  unknown_screen: 'there is no screen with that id',
  not_subscribed: 'this session does not follow that topic',
  conflict: 'somebody else changed it in between',
  storage_full: 'there is no room left to keep it',
};

/** One row of the table of close codes. */
export interface CloseCodeRow {
  readonly code: number;
  readonly status: number;
  readonly meaning: string;
}

/** The table of close codes: a client connects again after 4000–4499 and not after 4500–4999. */
export const CLOSE_CODES = {
  shutdown: close(4001, 503, 'the server stops; connect again within the window that `bye` gives'),
  internal: close(4004, 500, 'the server failed'),
  token_expired: close(4005, 401, 'the token ran out; connect with a new one'),
  no_progress: close(4008, 408, 'nothing was read for 30 s'),
  clock_skew: close(4010, 401, 'the clock that signed is off; `bye` carries `now`: sign again once'),
  no_pong: close(4012, 408, 'nothing was heard for longer than the heartbeat allows'),
  too_many_requests: close(4013, 429, 'commands kept coming faster than the limit'),
  state_invalidated: close(4014, 410, 'what the server knew of this session is void; start anew'),
  bad_signature: close(4500, 401, 'the signature or token is wrong'),
  bad_frame: close(4501, 400, 'a frame was not of this wire: not JSON, binary, or too large'),
  connect_timeout: close(4502, 408, 'no connect command came in time'),
  closed_by_operator: close(4503, 403, 'an operator ended the session'),
  connection_limit: close(4504, 429, 'there are as many sessions as are allowed'),
  version_mismatch: close(4506, 426, 'the peer speaks another version of the wire'),
  permission: close(4507, 403, 'not allowed to connect'),
} as const satisfies Record<string, CloseCodeRow>;

export type CloseName = keyof typeof CLOSE_CODES;

/** Whether a client should connect again after this close code; codes that are not ours (1006 …) are the weather. */
export function mayReconnect(closeCode: number): boolean {
  return closeCode < 4500 || closeCode > 4999;
}

function row(code: number, retryable = false): ErrorCodeRow {
  return { code, retryable };
}

function close(code: number, status: number, meaning: string): CloseCodeRow {
  return { code, status, meaning };
}
