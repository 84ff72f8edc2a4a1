/** The errors of the broker contract: one for each answer that a caller of it can get. */

/** Any failure that the contract names. */
export class BrokerError extends Error {
  /** The name of the class. */
  override name = "BrokerError";
}

/** The broker cannot be reached, does not confirm, or refuses to take anything just now. */
export class BrokerUnavailableError extends BrokerError {
  /** The name of the class. */
  override name = "BrokerUnavailableError";
}

/** There is no queue of that name. */
export class QueueNotFoundError extends BrokerError {
  /** The name of the class. */
  override name = "QueueNotFoundError";
  /** The queue's name. */
  readonly queue: string;

  /** For the queue of that name. */
  constructor(queue: string, options?: ErrorOptions) {
    super(`there is no queue "${queue}"`, options);
    this.queue = queue;
  }
}

/** The broker refused a message because the queue takes no more. */
export class QueueFullError extends BrokerError {
  /** The name of the class. */
  override name = "QueueFullError";
  /** The queue's name. */
  readonly queue: string;

  /** For the queue of that name. */
  constructor(queue: string, options?: ErrorOptions) {
    super(`the queue "${queue}" takes no more messages`, options);
    this.queue = queue;
  }
}

/** The queue exists with other properties than those declared; the message says the remedy. */
export class QueueMismatchError extends BrokerError {
  /** The name of the class. */
  override name = "QueueMismatchError";
}

/**
 * A reply queue is away for good: the broker keeps its name for a connection that is dead, or for a
 * node of a cluster. Its declarer takes another name.
 */
export class ReplyQueueLostError extends BrokerError {
  /** The name of the class. */
  override name = "ReplyQueueLostError";
  /** The queue's name. */
  readonly queue: string;

  /** For the queue of that name. */
  constructor(queue: string, options?: ErrorOptions) {
    super(`the reply queue "${queue}" is held by a dead connection`, options);
    this.queue = queue;
  }
}

/** A body or a header table is over the broker's limit. */
export class MessageTooLargeError extends BrokerError {
  /** The name of the class. */
  override name = "MessageTooLargeError";
}

/** A delivery is no longer its consumer's: the connection was lost, or it was settled before. */
export class DeliveryLostError extends BrokerError {
  /** The name of the class. */
  override name = "DeliveryLostError";
}

/** A broker URL that no driver understands; the message says what is allowed. */
export class BrokerUrlError extends BrokerError {
  /** The name of the class. */
  override name = "BrokerUrlError";
}

/** There is no spool of that id, or no longer. */
export class SpoolNotFoundError extends BrokerError {
  /** The name of the class. */
  override name = "SpoolNotFoundError";
  /** Its id. */
  readonly id: string;

  /** For the spool of that id. */
  constructor(id: string, options?: ErrorOptions) {
    super(`there is no spool "${id}"`, options);
    this.id = id;
  }
}
