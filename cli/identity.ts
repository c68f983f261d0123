import { plainText } from '../local/terminal/wrap.ts';
import { sourceInWords } from './credentials.ts';
import { Failure, wrongUsage } from './failure.ts';
import { signedHeaders, type AwsCredentials, type Outgoing } from './sign.ts';
import type { Surroundings } from './surroundings.ts';
import { regionOfHost, type Target } from './target.ts';

/** Who says that they call, and how requests show it. */
export interface Identity {
  /** The headers with which a request is sent. */
  headersFor: (request: Outgoing) => Promise<Record<string, string>>;
  /** For whoever was refused: as whom they came, and what would help. Holds no credential. */
  advice: () => string;
  /** A text without what must not be shown. */
  withoutSecrets: (text: string) => string;
}

/** What the command line says about who calls. */
export interface Claim {
  as?: string;
  region?: string;
  sign?: boolean;
}

/** How calls to a target prove who makes them: by a name on this machine, by AWS credentials elsewhere. */
export const identityFor = async (target: Target, claim: Claim, around: Surroundings): Promise<Identity> => {
  if (target.isLoopback && !claim.sign) return named(claim.as, around);
  if (claim.as !== undefined) throw wrongUsage('--as names you to the local service only: an installation knows you by your AWS credentials');
  return signing(target, await regionFor(target, claim.region, around), around);
};

const named = (as: string | undefined, { environment, userName }: Surroundings): Identity => {
  const caller = (as ?? (environment.RESCIND_CALLER || userName()) ?? '').trim();
  if (!/^[\x20-\x7e]{1,200}$/.test(caller)) throw wrongUsage('the local service keeps who called: say so with --as NAME or RESCIND_CALLER, 1 to 200 plain characters');
  return {
    headersFor: ({ headers }) => Promise.resolve({ ...headers, 'x-rescind-caller': caller }),
    advice: () => `The call was made as "${caller}" (--as or RESCIND_CALLER names another).`,
    withoutSecrets: (text) => text,
  };
};

interface Region {
  name: string;
  from: string;
}

const regionFor = async ({ base }: Target, asked: string | undefined, { environment, profileRegion }: Surroundings): Promise<Region> => {
  const told: [string | undefined, string][] = [
    [asked, '--region'],
    [regionOfHost(new URL(base).hostname), 'the address'],
    [environment.AWS_REGION, 'AWS_REGION'],
    [environment.AWS_DEFAULT_REGION, 'AWS_DEFAULT_REGION'],
  ];
  const [name, from] = told.find(([region]) => region) ?? [await profileRegion(), 'the AWS profile'];
  if (!name) throw wrongUsage(`${new URL(base).host} does not tell its region: name it with --region or AWS_REGION`);
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(name)) throw wrongUsage(`${from} is not the name of a region such as eu-west-1`);
  return { name, from };
};

const signing = (target: Target, region: Region, around: Surroundings): Identity => {
  let credentials: AwsCredentials | undefined;
  return {
    headersFor: async (request) => {
      if (!credentials || isStale(credentials, around.now())) credentials = await found(region.name, around);
      return signedHeaders(request, credentials, region.name, new Date(around.now()));
    },
    advice: () =>
      [
        `The request was signed with credentials from ${credentials ? sourceInWords(credentials, around.environment) : 'nowhere'}, for execute-api in ${region.name} (from ${region.from}).`,
        'That identity needs execute-api:Invoke on this API ("aws sts get-caller-identity" tells who it is); AWS_PROFILE chooses another.',
        ...(region.from === 'the address' ? [] : [`If ${new URL(target.base).host} is in another region, say so with --region.`]),
      ].join(' '),
    // API Gateway quotes the headers of a request whose signature it does not accept
    withoutSecrets: (text) => [credentials?.sessionToken, credentials?.secretAccessKey, credentials?.accessKeyId].reduce<string>((left, secret) => (secret ? left.replaceAll(secret, '...') : left), text),
  };
};

const soonMilliseconds = 60_000;
const isStale = ({ expiration }: AwsCredentials, now: number): boolean => expiration !== undefined && expiration.getTime() - now < soonMilliseconds;

const found = async (region: string, { credentials, environment, signal }: Surroundings): Promise<AwsCredentials> => {
  try {
    return await credentials(region);
  } catch (error) {
    signal.throwIfAborted();
    const text = error instanceof Error ? plainText(error.message).trim() : '';
    // what a credential_process printed may be a credential
    const reason = /CredentialsProviderError|TokenProviderError/.test(error instanceof Error ? error.name : '') && !/command failed|json/i.test(text) ? ` (${text.slice(0, 300)})` : '';
    const profile = environment.AWS_PROFILE ? `the profile "${environment.AWS_PROFILE}"` : 'the default chain';
    throw new Failure(`there are no AWS credentials to sign with: ${profile} gives none${reason}. Sign in ("aws sso login"), choose a profile with AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`);
  }
};
