import type { Checks } from './checks.ts';
import type { Clients } from './clients.ts';
import type { House } from './house.ts';
import type { Ministack } from './ministack.ts';
import type { Places } from './places.ts';
import type { Outputs } from './stack.ts';
import type { Certificate } from './tls.ts';
import type { DeployWorld } from './world.ts';

/** Rescind as it was deployed, with the world around it: what every check gets. */
export interface Deployed {
  /** Ends with a slash. */
  apiUrl: string;
  outputs: Outputs;
  clients: Clients;
  certificate: Certificate;
  house: House;
  ministack: Ministack;
  places: Places;
  world: DeployWorld;
  say: Checks['say'];
}
