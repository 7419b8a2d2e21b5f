import { Empty } from '../../components/notices.tsx'

export function OverviewView() {
  return <Empty>This part of the console is not ready yet.</Empty>
}
