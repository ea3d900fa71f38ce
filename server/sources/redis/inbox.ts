/** Redis cuts off a subscriber that leaves 8 MB unread for a minute; we keep no more either. */
const MOST_CHARACTERS = 8 * 1024 * 1024;
const MOST_MESSAGES = 10_000;

/**
 * Messages that wait for the one who takes them, in order. Redis does not wait for its subscribers: what comes while
 * the inbox is full is refused, and what is there is kept.
 */
export class Inbox<Message extends { readonly text: string }> {
  #messages: Message[] = [];
  #characters = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  /** False: there is no room for it. */
  offer(message: Message): boolean {
    const { length } = message.text;
    if (this.#messages.length >= MOST_MESSAGES || this.#characters + length > MOST_CHARACTERS) return false;
    this.#messages.push(message);
    this.#characters += length;
    this.#wake?.();
    return true;
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Everything that is there, as soon as there is something; undefined at the end. */
  async take(): Promise<readonly Message[] | undefined> {
    while (this.#messages.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const messages = this.#messages;
    this.#messages = [];
    this.#characters = 0;
    return messages;
  }
}
