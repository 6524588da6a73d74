/** BGP sessions as FRR on gw and on the routers sees them. */
import { asked, type GuestRecord } from "./guest";

export interface SessionStatus {
  /** The machine that was asked: gw, or a router. */
  readonly machine: string;
  readonly peer: string;
  /** FRR's word: Established, Active, … */
  readonly state: string;
  readonly receivedPrefixes: number;
}

/** All sessions of a machine; none where it runs no bgpd. */
export async function sessionsOf(machine: string, record: GuestRecord): Promise<SessionStatus[]> {
  const daemons = await asked(record, ["vtysh", "-c", "show daemons"]);
  if (!daemons?.split(/\s+/).includes("bgpd")) return [];
  const answer = await asked(record, ["vtysh", "-c", "show bgp ipv4 unicast summary json"]);
  const { peers = {} } = JSON.parse(answer ?? "{}") as { peers?: Record<string, { state: string; pfxRcd?: number }> };
  return Object.entries(peers).map(([peer, { state, pfxRcd = 0 }]) => ({
    machine,
    peer,
    state,
    receivedPrefixes: pfxRcd,
  }));
}
