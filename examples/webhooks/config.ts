import type { Config } from "../../shared/config/config.ts";
import { duration, port, text } from "../../shared/config/variable.ts";

const variables = {
  WEBHOOKS_SECRET: text(
    /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/,
    "whsec_ and 24 to 64 bytes in base64",
    {
      description:
        "The secret of a sender that follows Standard Webhooks, at `/webhooks/standard`. " +
        "One is made up and printed unless it is set.",
      secret: "all",
    },
  ),
  WEBHOOKS_GITHUB_SECRET: text(/^[\x21-\x7e]+$/, "visible characters", {
    description:
      "The secret of a sender that signs as GitHub does, at `/webhooks/github`. One is " +
      "made up and printed unless it is set.",
    secret: "all",
  }),
  WEBHOOKS_WORK: duration({
    description: "How long the processing of a webhook takes.",
    default: "2s",
  }),
  WEBHOOKS_PORT: port({ description: "The receiver's port.", default: "8089" }),
  WEBHOOKS_PROCESSOR_PORT: port({ description: "The processor's port.", default: "8090" }),
  WEBHOOKS_DATA: text(/^[^\0]+$/, "a folder", {
    description: "Where the processor keeps its state, and the broker unless `BROKER_URL` is set.",
    default: ".data/webhooks",
  }),
};

/** The example's manual. */
export const manual = {
  name: "example:webhooks",
  summary: "A receiver of webhooks that verifies them at once, and has them processed later.",
  variables,
};

/** What the example can be told. */
export type WebhooksConfig = Config<typeof variables>;
