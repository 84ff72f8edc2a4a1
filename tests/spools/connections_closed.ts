import { type Behaviour, withoutFault } from "../conformance/behaviour.ts";
import { survives } from "./outage.ts";

export const behaviour: Behaviour = {
  name: "writer and reader go on after a loss of their connections",
  exempt: withoutFault("closeConnections"),
  run: (t) => survives(t, async (name) => void await t.faults?.closeConnections?.(name)),
};
