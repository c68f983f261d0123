import type { Called, ClientConfiguration, ClientOf, Noticed } from '../aws/clients.ts';
import { clientsOf } from '../aws/clients.ts';
import type { Configuration } from '../core/configuration.ts';
import type { Connector, Permission } from '../core/connector.ts';

/** The outside world as a connector reaches it. */
export interface Edges {
  clientOf: ClientOf;
  /** Clients that differ from ours in these settings: other credentials, another region, a single attempt. Built anew at each call: `destroy()` what it builds. */
  clientsWith: (different: ClientConfiguration) => ClientOf;
  fetch: typeof fetch;
  configuration: Configuration;
  /** Whether declared probes may go to private addresses and plain HTTP: only on one machine. */
  local: boolean;
  /**
   * Names of the roles of Rescind's own functions, or how they begin (`Rescind-*`): what such a role made is ours.
   * Absent: only what the very role made that runs at this moment.
   */
  ownRoles?: readonly string[];
}

/** Makes a connector's edges from how AWS is reached and from what is told about its calls. */
export const edgesOf = (
  given: Pick<Edges, 'configuration' | 'local' | 'ownRoles'> & { fetch?: typeof fetch; aws?: ClientConfiguration },
  hooks: { onNotice?: (noticed: Noticed) => void; onCall?: (called: Called) => void; after?: (called: Called) => Promise<void> } = {},
): Edges => ({
  clientOf: clientsOf(given.aws ?? {}, hooks),
  clientsWith: (different) => clientsOf({ ...given.aws, ...different }, hooks),
  fetch: given.fetch ?? fetch,
  configuration: given.configuration,
  local: given.local,
  ownRoles: given.ownRoles,
});

/** A connector before it is given its edges: what the stack reads (`permissions`) and how it is made. */
export interface ConnectorModule<C extends Connector = Connector> {
  name: C['name'];
  role: C['role'];
  permissions: Permission[];
  create(edges: Edges): C;
}
