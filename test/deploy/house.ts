import { clockOf } from '../../local/clock.ts';
import { createAws, type Aws } from '../../local/fakes/aws/index.ts';
import { Behaviours } from '../../local/fakes/behaviour.ts';
import { startGithub } from '../../local/fakes/github.ts';
import { startOidc, type Oidc } from '../../local/fakes/oidc.ts';
import { inMemory } from '../../local/fakes/state.ts';
import { startVault, type Vault } from '../../local/fakes/vault/index.ts';
import { overTls, type Certificate } from './tls.ts';
import type { Undo } from './undo.ts';
import { awsWorldOf, githubWorldOf, vaultWorldOf, type DeployWorld } from './world.ts';

/** A call of a function to a fake: by which role. */
export interface Call {
  service: string;
  operation: string;
  /** The caller's ARN. */
  caller: string;
}

/** The strict fakes that stand in for what MiniStack gets wrong: who decides whether a key is alive, and where copies lie. */
export interface House {
  aws: Aws;
  githubUrl: string;
  vault: Vault;
  vaultUrl: string;
  /** Makes tokens for jobs; `keysUrl` is where their keys are published. */
  oidc: Oidc;
  keysUrl: string;
  calls: Call[];
  /** Somebody of the house who may read its secrets: the script itself. */
  reader: { accessKeyId: string; secretAccessKey: string };
  /** What the functions' processes need to reach them: the SDK's own variables. */
  variables: Record<string, string>;
  /** Lets a function's key sign as its role. */
  admit(caller: { accessKeyId: string; secretAccessKey: string; roleName: string; sessionName: string }): void;
}

/** Starts the fakes. Each event that Secrets Manager would put on the bus is told to `onEvent`. */
export const openHouse = async (world: DeployWorld, certificate: Certificate, undo: Undo, onEvent: (event: object) => void): Promise<House> => {
  const [behaviours, clock, calls] = [new Behaviours(), clockOf(), [] as Call[]];
  const aws = await createAws({ world: awsWorldOf(world), behaviours, clock, onLabelUpdated: onEvent, onCall: ({ service, operation, caller }) => void calls.push({ service, operation, caller }) });
  undo.add(() => aws.close());
  const github = await startGithub({ world: githubWorldOf(world), behaviours, clock, store: inMemory() });
  undo.add(() => github.close());
  const githubUrl = await overTls(github.url, certificate, undo);
  const vault = await startVault({ world: vaultWorldOf(world), clock, behaviours });
  undo.add(() => vault.close());
  const oidc = await startOidc({ clock, behaviours });
  undo.add(() => oidc.close());
  const [vaultUrl, keysUrl] = [await overTls(vault.url, certificate, undo), `${await overTls(oidc.url, certificate, undo)}/.well-known/jwks`];
  const services = ['SECRETS_MANAGER', 'IAM', 'STS', 'CLOUDTRAIL'];
  const admit: House['admit'] = ({ accessKeyId, secretAccessKey, roleName, sessionName }) => {
    const state = aws.state();
    state.roles[roleName] ??= { name: roleName, id: `role of ${roleName}`, createdAt: new Date().toISOString(), attachedPolicies: [] };
    state.callers[accessKeyId] = { secretAccessKey, roleName, sessionName };
  };
  const reader = { accessKeyId: ['AS', 'IA', 'READSWHATITHOLDS'].join(''), secretAccessKey: 'on-this-machine-only' };
  admit({ ...reader, roleName: 'reader', sessionName: 'deployed-proof' });
  return {
    aws,
    githubUrl,
    vault,
    vaultUrl,
    oidc,
    keysUrl,
    calls,
    reader,
    variables: Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${service}`, aws.url])),
    admit,
  };
};
