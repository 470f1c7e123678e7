import { json } from '../api/client';

/** A FHIR resource as the pages take it apart: what is read is asked for by name, and nothing is taken for granted. */
export type Resource = { resourceType: string; id?: string; meta?: { versionId?: string; lastUpdated?: string } } & Record<string, unknown>;

/** What one request of a batch brought. */
export interface Brought {
  /** HTTP status, `200`. */
  status: number;
  /** The resource of a read. */
  resource?: Resource;
  /** Resources that a search found, and those it brought along. */
  found: Resource[];
  included: Resource[];
  /** Where the search goes on. */
  next?: string;
}

interface Bundle {
  entry?: { resource?: Resource & { entry?: { resource?: Resource; search?: { mode?: string } }[]; link?: { relation: string; url: string }[] }; response?: { status?: string } }[];
}

/** `Patient?_page=…` of an address of this server's FHIR interface. */
const relative = (url: string): string => url.slice(url.indexOf('/fhir/') + '/fhir/'.length);

/** Several reads and searches in one request. What is refused of them is so for itself, and the others are answered. */
export async function batch(urls: readonly string[], signal?: AbortSignal): Promise<Brought[]> {
  const body = { resourceType: 'Bundle', type: 'batch', entry: urls.map((url) => ({ request: { method: 'GET', url } })) };
  const bundle = await json<Bundle>('/fhir', { method: 'POST', body, accept: 'application/fhir+json', signal });
  return urls.map((_, n) => {
    const { resource, response } = bundle.entry?.[n] ?? {};
    const status = Number.parseInt(response?.status ?? '', 10) || (resource ? 200 : 500);
    if (resource?.resourceType !== 'Bundle') return { status, found: [], included: [], ...(resource && { resource }) };
    const entries = resource.entry ?? [];
    const of = (mode: 'match' | 'include') => entries.flatMap(({ resource: one, search }) => (one && (search?.mode ?? 'match') === mode ? [one] : []));
    const next = resource.link?.find(({ relation }) => relation === 'next')?.url;
    return { status, found: of('match'), included: of('include'), ...(next !== undefined && { next: relative(next) }) };
  });
}

/** Whether an account may not read what was asked for. */
export const isWithheld = ({ status }: Brought): boolean => status === 401 || status === 403;

const NOTHING: Brought = { status: 200, found: [], included: [] };

/** A step of several searches that go on side by side: what has come to its end is not asked again and brings nothing more. */
export async function step(urls: readonly (string | undefined)[], signal: AbortSignal): Promise<Brought[]> {
  const brought = await batch(urls.filter((url) => url !== undefined), signal);
  let n = 0;
  return urls.map((url) => (url === undefined ? NOTHING : (brought[n++] ?? NOTHING)));
}

/** Where the searches of a step go on; `undefined` where all have come to their end. */
export function goingOn(last: readonly Brought[]): (string | undefined)[] | undefined {
  const next = last.map(({ next: url }) => url);
  return next.some((url) => url !== undefined) ? next : undefined;
}
