import HifCore
import HifStore

extension FsckRun {
    /// Reads every key once: finds holes in the log and in sessions, and what does not belong here.
    mutating func listKeys(_ progress: (FsckProgress) -> Void) async throws(ReadError) {
        var after: ObjectKey?
        var done: UInt64 = 0
        var events = EventRun()
        repeat {
            let page: ListPage
            do throws(StoreError) {
                page = try await store.list(prefix: "", after: after, limit: 1_000)
            } catch {
                throw .store(error)
            }
            for entry in page.objects { sort(entry.key, &events) }
            done += UInt64(page.objects.count)
            progress(FsckProgress(stage: .keys, done: done, total: 0))
            after = page.next
        } while after != nil
        report.slotCount = slotEnd
    }

    /// The session whose events are being listed, and the number its next one must have.
    private struct EventRun {
        var session: SessionID?
        var next: UInt64 = 0
    }

    private mutating func sort(_ key: ObjectKey, _ events: inout EventRun) {
        let segments = key.segments
        switch segments[0] {
        case "log":
            guard let epoch = StoreKey.epoch(of: key) else { return unknown(key) }
            // Keys come in the order of their epochs.
            for missing in slotEnd..<max(slotEnd, epoch) {
                guard report.findings.count < FsckReport.findingsMax else { break }
                isLogWhole = false
                damage(
                    StoreKey.slot(missing).string, "this slot is missing although later ones exist",
                    "Landings in it are lost, and nobody can write to the project")
            }
            slotEnd = epoch + 1
        case "pack":
            guard let pack = PackKey.pack(of: key) else { return unknown(key) }
            packs.insert(pack)
        case "ckpt":
            guard segments.count == 2, let epoch = Epoch(segments[1], radix: 16),
                StoreKey.checkpoint(epoch) == key
            else { return unknown(key) }
            checkpoints.insert(epoch)
        case "obj":
            if let epoch = StoreKey.placeIndexEpoch(of: key) {
                placeIndexes.insert(epoch)
            } else if let run = StoreKey.objectRun(of: key) {
                runs.insert(RunName(level: run.level, block: run.block))
            } else {
                unknown(key)
            }
        case "ix":
            guard let span = StoreKey.rollup(of: key) else { return unknown(key) }
            rollups.insert(span)
        case "seg":
            guard segments.count == 2, let number = UInt64(segments[1], radix: 16),
                StoreKey.segment(number) == key
            else { return unknown(key) }
            self.segments.insert(number)
        case "open":
            guard segments.count == 2, let session = SessionID(String(segments[1])),
                StoreKey.openMarker(session) == key
            else { return unknown(key) }
            openMarkers.append(session)
        case "ses":
            guard segments.count == 3, let session = SessionID(String(segments[1])),
                let number = UInt64(segments[2], radix: 16),
                StoreKey.event(session, number) == key
            else { return unknown(key) }
            if events.session != session { events = EventRun(session: session) }
            if number != events.next {
                damage(
                    StoreKey.event(session, events.next).string,
                    "this event is missing although later ones exist",
                    "Readers of the session see nothing after the hole")
            }
            events.next = number + 1
            if isDeep { eventKeys.append(key) }
        case "hint" where segments.count == 1:
            hasHint = true
        default:
            unknown(key)
        }
    }

    private mutating func unknown(_ key: ObjectKey) {
        note(key.string, "not a key that a project has")
    }
}
