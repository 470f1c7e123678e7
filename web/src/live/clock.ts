import { useEffect, useState } from 'react';

/** The present, drawn again every `every_ms`. */
export function useNow(every_ms: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return now;
}

/** Whether this component has been on the page for `wait_ms`: nothing that is quick shows a skeleton. */
export function useLasting(wait_ms: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLasting(true), wait_ms);
    return () => clearTimeout(timer);
  }, [wait_ms]);
  return lasting;
}
