/** What a playbook hands to a function. Ids only: everything else is read from the ledger. */
export interface Step {
  case: string;
  attempt: number;
  /** Only where the playbook waits: answering it wakes the playbook. */
  token?: string;
}

/** What a function hands back to its playbook: the answer to the Choice "What next?". */
export interface Next {
  case: string;
  attempt: number;
  next: 'plan' | 'ask' | 'contain' | 'rotate' | 'await' | 'revoke' | 'probe' | 'settle' | 'record' | 'contained' | 'not-contained' | 'recorded';
  /** Seconds that the playbook waits first, where `next` is `settle` or `await`. */
  seconds: number;
}
