import { type Behaviour, withoutFault } from "../conformance/behaviour.ts";
import { goesOn } from "./outage.ts";

export const behaviour: Behaviour = {
  name: "after a restart of the server all is known, and everything goes on by itself",
  exempt: withoutFault("restart"),
  run: (t) => goesOn(t, async () => await t.faults?.restart?.()),
};
