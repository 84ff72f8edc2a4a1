import { main } from "../../dequeuer/main.ts";
import { args } from "../../shared/runtime.ts";

await main({ command: "proxymq-dequeuer", args });
