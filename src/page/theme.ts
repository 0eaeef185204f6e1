/** Light or dark: as the system has it, unless one was chosen. Charts are told, since a canvas has no styles. */
import { useEffect, useState } from 'preact/hooks';

const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'promfold theme';
const listeners = new Set<() => void>();

/** Storage may be forbidden. */
function stored(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

let theme: Theme = stored();

function apply(): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}

apply();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);

export function nextTheme(): void {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then it lasts as long as the window.
  }
  apply();
}

/** Changes whenever colours do. */
export function useTheme(): { readonly theme: Theme; readonly version: number } {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const listener = () => setVersion((count) => count + 1);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return { theme, version };
}

/** The colour that a variable of the style stands for. */
export function colour(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Of the lines of a chart; what is left over has the last one. */
export const LINES = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 'rest'];
