import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './theme/tokens.css'
import './theme/base.css'
import './theme/layout.css'
import './theme/components.css'
import './theme/charts.css'
import { App } from './app.tsx'
import { connect } from './live/stream.ts'

const root = document.querySelector('#app')
if (root !== null) {
  root.replaceChildren()
  render(<App />, root)
  void connect()
}
