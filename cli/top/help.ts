/** The text that `--help` prints. @param command how the command is started. */
export const help = (command: string): string =>
  `Shows the queues of the services that an enqueuer knows, again and again. q or Ctrl-C ends it.

Usage: ${command} [--url URL] [options]

  --url URL      the enqueuer: TOP_URL in the environment unless given (default:
                 http://127.0.0.1:8080)
  --key KEY      one of its ENQUEUER_API_KEYS, if it has any: TOP_KEY unless given
  --every TIME   how often it is asked (default: 2s)
  --once         prints one table and ends
  --help, -h     prints this

Columns: READY waits for a dequeuer, IN FLIGHT is with one, DELAYED waits for its time, DEAD stands in
the dead letters, OLDEST is the age of what is ready for the longest, CONSUMERS are dequeuers, and
RATE is how many requests a second this enqueuer has answered since it was asked before. What a broker
does not say is "-". Where stdout is no terminal, tables follow each other.

Exit codes: 0 done, 1 the enqueuer could not be asked, 2 wrong arguments.
`;
