/** What `up` hands to the program that makes a machine its host (tools/place-files): one request a host, with its secrets. */
import type { Placement } from "./placement";

/** A machine's SSH, and who it must be. */
export interface PlaceTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string;
  readonly firstBootKey?: string;
}

export interface PlaceRequest {
  readonly target: PlaceTarget;
  /** The jump host, where it is the way in. */
  readonly hop?: PlaceTarget;
  /** Ends with 0 once the first boot has. */
  readonly readiness: string;
  readonly placement: Placement;
  /** The other routers, of a router: each must carry every route that this one does before this one is changed. */
  readonly others: readonly PlaceTarget[];
  /** Prints, as JSON, the routes that a router carries. */
  readonly routes?: string;
}
