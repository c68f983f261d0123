import { defaultPort } from './options.ts';

/** What `--help` prints. */
export const help = `Rescind on one machine: the real functions and playbooks against a made-up world on loopback.

  npm start                      start the world, deliver its reports, show what happens, stay up
  npm start -- --once            the same, and end after the table
  npm start -- [options]

A small company comes up: its secrets, IAM users and keys, a GitHub organisation, a vendor's API and a vault.
All of them are strict fakes that know which credential opens its door. Leak reports arrive over HTTP with real
signatures, and each case is shown as it goes: received, matched, planned, contained, rotated, probed, closed.
Jobs register what they were lent, and each lease is shown as it goes: lent, released when its run is over.
Nothing leaves this machine, and no account is needed. Ctrl-C stops it; twice, at once.

Options
  --once               End after the table, within 60 seconds. The exit code says whether all went well.
  --json               Tables, cases and leases as JSON on standard output; the timeline goes to standard error.
  --port N             Where to listen on 127.0.0.1; ${defaultPort} unless told, 0 for any free port.
  --data DIR           Keep everything in DIR, over a restart and over a kill: DIR/world is what the providers
                       know, DIR/rescind what Rescind knows. Open cases go on where they stood, and reports
                       that were accepted are not sent again. Without it everything is forgotten at the end.
  --world FILE         Another world: a JSON file that says what exists, how providers behave, which reports
                       arrive and how each case and each lease should end. local/world/acme.json is the one to
                       start from; a file that is wrong is refused with the place and what was expected there.
  --mode MODE          enforce: act. observe: plan and record, touch nothing. As the world says unless told.
                       Where observe overrules a world that acts, all of it should end as observed.
  -h, --help           This.

Exit codes
  0   Stopped by Ctrl-C or SIGTERM; with --once: every case and lease ended as its world expects (waiting for a
      person is an ending), none is still being worked on, and nothing that is reported confirmed, attested or
      released opens in GET /world/credentials.
  1   With --once: something is not so (one sentence each below the table), or it was interrupted.
      Else: it could not start.
  2   The command line, or the world's file, is wrong; or the data folder cannot be made or written to.

What it answers (127.0.0.1 only; whoever decides something names themselves in x-rescind-caller)
  POST /triggers/{source}     a webhook of that source       GET  /cases, /cases/{id}    what became of it
  POST /aws-events            what EventBridge would deliver POST /cases/{id}/close      {"reason"}
  GET  /tasks                 what people must decide or do  POST /tasks/{id}            {"answer", "reason"}
  GET  /credentials           what the registry knows        GET  /health
  POST /leases                lend to a run, by OIDC token   GET  /leases, /leases/{id}  what became of it
  POST /iam/leases            the same by AWS principal      POST /leases/{id}/revoke    {"reason"}
  GET  /world/credentials     the truth: which credential opens its door at this moment
  POST /world/sign/{source}   the headers under which that source would send this body, signed
`;
