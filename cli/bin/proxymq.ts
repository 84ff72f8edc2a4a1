import { args, exit } from "../../shared/runtime.ts";
import { main } from "../main.ts";

exit(await main(args));
