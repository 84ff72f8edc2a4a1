/**
 * How many requests of each service an enqueuer has answered, whatever with.
 * @param metrics its `/metrics`.
 */
export function answeredByService(metrics: string): Map<string, number> {
  const answered = new Map<string, number>();
  for (const line of metrics.split("\n")) {
    const [, labels = "", value] = /^enqueuer_requests_total\{(.*)\} (\S+)$/.exec(line) ?? [];
    const service = /(?:^|,)service="([^"]*)"/.exec(labels)?.[1];
    if (service === undefined) continue;
    answered.set(service, (answered.get(service) ?? 0) + Number(value));
  }
  return answered;
}
