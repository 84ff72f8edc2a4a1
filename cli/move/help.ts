/** The text that `--help` prints. @param command how the command is started. */
export const help = (command: string): string =>
  `Moves the requests that wait for a service from one broker to another, of whatever kinds. Each is
confirmed at the target before it leaves the source: whatever dies in between, nothing is lost. One
may be in both places then, and is known by its request id. It can be run again at any time.

Usage: ${command} --from URL --to URL --service NAME [options]

  --from URL            the broker that they are at: MOVE_FROM in the environment unless given
  --to URL              the broker that they go to: MOVE_TO in the environment unless given
  --service NAME        whose: out of {service}_requests

Options:
  --dead-letters        the dead letters too, out of {service}_dlq
  --include-waiting     those too whose requesters wait for the response at the source and get none
                        then: unless given they stay, for the dequeuers there
  --wait                goes on until nothing is delayed at the source; on RabbitMQ and Kafka, which
                        do not say what is, until Ctrl-C
  --limit N             at most so many requests, and at most so many dead letters
  --rate N/s            no faster than that; also N/m, N/h
  --dry-run             counts, and moves nothing
  --yes, -y             does not ask; needed where there is no terminal
  --json                prints JSON
  --help, -h            prints this

Environment variables:
  MOVE_FROM, MOVE_TO    the URLs, so that a password is in no list of processes
  RABBITMQ_QUEUE_TYPE   what queues are made as that are not there: quorum, classic or
                        classic-priority (default: quorum); ?queueType= in a URL says it for that one

Stop the enqueuers and dequeuers at the source first: docs/brokers.md says in which order, and what
becomes of states and responses. Exit codes: 0 done, 1 failed or not all of it could be moved,
2 wrong arguments, 130 interrupted.
`;
