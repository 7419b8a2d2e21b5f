import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { TableHeader, TableModel, TableRow } from './table-model.ts'

interface TableProps {
  readonly table: TableModel
  /** The row with the mark; undefined for none. */
  readonly selected?: number
  /** The first row that is shown, and how many. */
  readonly firstRow?: number
  readonly rowCount?: number
}

/** A table with its headers. */
export function Table({ table: { headers, rows }, selected, firstRow = 0, rowCount = rows.length }: TableProps): ReactNode {
  return (
    <Box flexDirection="column" flexShrink={0}>
      <Box height={1}>
        <Text> </Text>
        {headers.map((header) => (
          <Cell key={header.name} header={header}>
            <Text wrap="truncate-end" dimColor bold>
              {header.title}
            </Text>
          </Cell>
        ))}
      </Box>
      {rows.slice(firstRow, firstRow + rowCount).map((row, index) => (
        <Row key={row.key} row={row} headers={headers} isSelected={firstRow + index === selected} />
      ))}
    </Box>
  )
}

interface RowProps {
  readonly row: TableRow
  readonly headers: readonly TableHeader[]
  readonly isSelected: boolean
}

function Row({ row, headers, isSelected }: RowProps): ReactNode {
  return (
    <Box height={1}>
      <Text color="cyan">{isSelected ? '▸' : ' '}</Text>
      {headers.map((header, index) => {
        const { text = '', color } = row.cells[index] ?? {}
        return (
          <Cell key={header.name} header={header}>
            <Text wrap="truncate-end" bold={isSelected && index === 0} {...(color && { color })}>
              {text}
            </Text>
          </Cell>
        )
      })}
    </Box>
  )
}

function Cell({ header, children }: { readonly header: TableHeader; readonly children: ReactNode }): ReactNode {
  return (
    <Box marginLeft={1} width={header.width} flexShrink={0} justifyContent={header.align === 'left' ? 'flex-start' : 'flex-end'}>
      {children}
    </Box>
  )
}
