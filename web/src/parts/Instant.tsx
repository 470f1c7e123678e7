import { useZone } from '../live/session';
import { isoInZone } from './time';

/** A moment to the second with its offset (ISO 8601), on the wall clock of the site: what engineers and auditors compare with logs. */
export function Instant({ at }: { at: string }) {
  const zone = useZone();
  const at_ms = Date.parse(at);
  return (
    <time dateTime={at} className="when">
      {Number.isNaN(at_ms) ? at : isoInZone(at_ms, zone)}
    </time>
  );
}
