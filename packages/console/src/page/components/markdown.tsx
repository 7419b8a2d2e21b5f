import { lexer, type MarkedToken, type Token, type Tokens } from 'marked'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'

/** Draws Markdown as elements. HTML in it is shown as text, and only links to the web and within the page become links. */
export function Markdown({ text }: { readonly text: string }) {
  const tokens = useMemo(() => lexer(text), [text])
  return <div class="markdown">{renderAll(tokens)}</div>
}

function renderAll(tokens: readonly Token[] | undefined): ComponentChildren {
  return tokens?.map((token, index) => <Piece key={index} token={token as MarkedToken} />)
}

function Piece({ token }: { readonly token: MarkedToken }): ComponentChildren {
  switch (token.type) {
    case 'heading':
      return <Heading depth={token.depth}>{renderAll(token.tokens)}</Heading>
    case 'paragraph':
      return <p>{renderAll(token.tokens)}</p>
    case 'blockquote':
      return <blockquote>{renderAll(token.tokens)}</blockquote>
    case 'list':
      return token.ordered ? <ol start={token.start || 1}>{renderItems(token)}</ol> : <ul>{renderItems(token)}</ul>
    case 'table':
      return <MarkdownTable table={token} />
    case 'code':
      return (
        <pre>
          <code>{token.text}</code>
        </pre>
      )
    case 'strong':
      return <strong>{renderAll(token.tokens)}</strong>
    case 'em':
      return <em>{renderAll(token.tokens)}</em>
    case 'del':
      return <del>{renderAll(token.tokens)}</del>
    case 'codespan':
      return <code>{token.text}</code>
    case 'link':
      return <MarkdownLink href={token.href}>{renderAll(token.tokens)}</MarkdownLink>
    case 'br':
      return <br />
    case 'hr':
      return <hr />
    case 'text':
      return token.tokens === undefined ? decodeEntities(token.text) : renderAll(token.tokens)
    case 'escape':
      return token.text
    case 'html':
      return token.raw
    case 'image':
      return token.text
    case 'checkbox':
      return token.checked ? '☑ ' : '☐ '
    default:
      return null
  }
}

function renderItems(list: Tokens.List): ComponentChildren {
  return list.items.map((item, index) => <li key={index}>{renderAll(item.tokens)}</li>)
}

/** Headings of a document are below those of the page. */
function Heading({ depth, children }: { readonly depth: number; readonly children?: ComponentChildren }) {
  return depth <= 2 ? <h3>{children}</h3> : <h4>{children}</h4>
}

function MarkdownTable({ table }: { readonly table: Tokens.Table }) {
  return (
    <div class="table-scroll">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              <th key={index} scope="col">
                {renderAll(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{renderAll(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function MarkdownLink({ href, children }: { readonly href: string; readonly children?: ComponentChildren }) {
  if (!/^https?:\/\//i.test(href)) return <span>{children}</span>
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
    </a>
  )
}

const entities: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&#39;': "'" }

function decodeEntities(text: string): string {
  return text.replace(/&(?:lt|gt|amp|quot|#39);/g, (entity) => entities[entity] ?? entity)
}
