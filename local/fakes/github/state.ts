/** A token of GitHub's. Without `repositories` it reaches all of them. */
export interface GithubToken {
  /** Names it in the truth list; `login` and its place unless told. */
  id?: string;
  value: string;
  login: string;
  scopes: string[];
  /** `owner/name`. */
  repositories?: string[];
  dead?: boolean;
}

/** A secret scanning alert; what GitHub adds to it is made up from these. */
export interface GithubAlert {
  /** `owner/name`. */
  repository: string;
  number: number;
  secret_type: string;
  secret: string;
  secret_type_display_name?: string;
  state?: 'open' | 'resolved';
  resolution?: string | null;
  validity?: 'active' | 'inactive' | 'unknown';
  publicly_leaked?: boolean;
  created_at?: string;
  locations?: { type: string; details: object }[];
}

/** What exists at GitHub when the world begins. */
export interface GithubWorld {
  tokens: GithubToken[];
  alerts: GithubAlert[];
  /** How long a revocation that was accepted takes; two seconds unless told. */
  revokeSeconds?: number;
  /** Requests per hour; 5,000 with a token and 60 without unless told. */
  limits?: { authenticated?: number; anonymous?: number };
}

export interface StoredToken {
  id: string;
  value: string;
  login: string;
  scopes: string[];
  repositories?: string[];
  alive: boolean;
}

export interface StoredAlert extends GithubAlert {
  state: 'open' | 'resolved';
  resolution: string | null;
  resolution_comment: string | null;
  resolved_at: string | null;
  resolved_by: string | null;
  created_at: string;
  updated_at: string;
}

export interface GithubState {
  tokens: StoredToken[];
  alerts: StoredAlert[];
}

export type GithubChange =
  | { op: 'kill-token'; id: string }
  | { op: 'update-alert'; repository: string; number: number; fields: Partial<StoredAlert> };

/** The state that a world begins with. */
export const initialGithub = (world: GithubWorld, at: Date): GithubState => ({
  tokens: world.tokens.map(({ id, value, login, scopes, repositories, dead }, index) => ({ id: id ?? `${login}-${index + 1}`, value, login, scopes, repositories, alive: dead !== true })),
  alerts: world.alerts.map((alert) => ({
    ...alert,
    state: alert.state ?? 'open',
    resolution: alert.resolution ?? null,
    resolution_comment: null,
    resolved_at: null,
    resolved_by: null,
    created_at: alert.created_at ?? at.toISOString(),
    updated_at: alert.created_at ?? at.toISOString(),
  })),
});

/** Makes one change in place; making it again changes nothing. */
export const applyGithubChange = (state: GithubState, change: GithubChange): void => {
  switch (change.op) {
    case 'kill-token':
      for (const token of state.tokens) if (token.id === change.id) token.alive = false;
      return;
    case 'update-alert':
      for (const alert of state.alerts) if (alert.repository.toLowerCase() === change.repository.toLowerCase() && alert.number === change.number) Object.assign(alert, change.fields);
  }
};
