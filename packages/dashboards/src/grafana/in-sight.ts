import type * as cog from '@grafana/grafana-foundation-sdk/cog'

/** By itself, the SDK puts links and annotations into a menu; without a placement they are beside the variables. */
export function panelsInView<Shown extends { placement?: unknown }>(builder: cog.Builder<Shown>): cog.Builder<Shown> {
  const { placement: _menu, ...shown } = builder.build()
  return { build: () => shown as Shown }
}
