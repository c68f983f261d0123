import { exitCodes } from './failure.ts';
import { localUrl } from './target.ts';

/** What it is, above everything else in `rescind --help`. */
export const about = `Rescind takes back what was given out: when a job ends, a person leaves or a secret leaks, it revokes the
credential, proves that it is dead, and keeps the evidence. This command looks at an installation and acts
on it.`;

/** Below the options of `rescind --help`. */
export const more = `
Where it connects to
  --url, else RESCIND_URL, else ${localUrl}, where "npm start" runs Rescind on this machine.
  An installation's address is the output ApiUrl of its stack; a custom domain and a stage or path behind
  it are fine. http:// is for this machine only.

Who you are
  An installation    Requests are signed (SigV4, execute-api) with what the AWS default credential chain finds:
                     environment, AWS_PROFILE, Identity Center, web identity, container, instance. That identity
                     needs execute-api:Invoke. The region is --region, else the one in the address, else
                     AWS_REGION, else the profile's.
  The local service  The name in --as, else RESCIND_CALLER, else your user name; it is kept beside what you do.
                     --sign signs there too (an emulator, a tunnel).

Examples
  rescind leases                                          the newest leases of the local service
  rescind leases --status pending-revocation --all        what is over and not seen dead yet
  rescind leases show l-0123456789abcdef0123-0123456789abcdef
  rescind leases end l-0123456789abcdef0123-0123456789abcdef --reason "the runner was lost" --wait
  rescind leases --url https://abc123.execute-api.eu-west-1.amazonaws.com --json | jq -r '.leases[].id'

Exit codes
  ${exitCodes.done}    Done. With "leases end --wait": the lease is released, its credential was seen dead.
  ${exitCodes.failed}    It was refused, could not be reached, or you said no. Standard error says what to do.
  ${exitCodes.usage}    The command line is wrong.
  ${exitCodes.notReleased}    "leases end --wait": asked for, and not released: pending, handed on, shared or observed.
  ${exitCodes.interrupted}  Ctrl-C (${exitCodes.terminated}: SIGTERM). What was asked for before goes on.

Colours only on a terminal, and never with NO_COLOR. Behind a proxy: NODE_USE_ENV_PROXY=1 and HTTPS_PROXY.`;

/** Below the options of `rescind leases --help`. */
export const aboutLeases = `
A lease says that a credential was lent to one run of a job; it dies when the run ends, or when its time is over.

  active              lent, and alive
  pending-revocation  over, and not seen dead yet: tried again until it is
  released            seen dead
  handed-on           over, and the credential lives on with another lease
  shared              the role of a job that others may have: never cut
  observed            over in mode observe: nothing was touched
  refused             never lent`;
