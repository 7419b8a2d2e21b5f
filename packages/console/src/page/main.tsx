import { render } from 'preact'

const root = document.querySelector('#app')
if (root !== null) {
  root.replaceChildren()
  render(<p>The console</p>, root)
}
