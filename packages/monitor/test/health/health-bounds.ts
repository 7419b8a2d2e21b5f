import { healthBoundTable } from '../../src/health/bounds.ts'

/** Returns the source of `src/health/generated/health-bounds.ts`: an interface whose documentation an editor shows on hover. */
export function healthBoundsSource(): string {
  return [
    '// Generated from the bounds of the checks in health/checks by `npm run generate`. Do not edit.',
    '',
    '/** Every number that the built-in health checks compare their measurements with. */',
    'export interface HealthBounds {',
    ...healthBoundTable().flatMap(({ name, checks, defaultValue, unit, description }) => [
      '  /**',
      `   * ${description.charAt(0).toUpperCase()}${description.slice(1)}.`,
      '   *',
      `   * Unit: ${unit}. Used by: ${checks.map((check) => `\`${check}\``).join(', ')}.`,
      '   *',
      `   * @defaultValue \`${defaultValue}\``,
      '   */',
      `  readonly ${name}: number`,
    ]),
    '}',
    '',
  ].join('\n')
}
