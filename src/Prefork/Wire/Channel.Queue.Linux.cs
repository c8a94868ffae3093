namespace Prefork.Wire;

/// <remarks>What waits to be written: for room, for others before it, or for the answer to a descriptor.</remarks>
internal sealed partial class Channel
{
    private void Enqueue(PendingWrite write)
    {
        _queuedBytes += write.Remaining.Length;
        if (write.Written > 0)
        {
            _partial = write;
            _queue.AddFirst(write);
        }
        else
        {
            _queue.AddLast(write);
        }

        if (_unanswered is null && !_wantsWrite && !_flushPosted)
        {
            _flushPosted = true;
            _loop.Post(OnWritable);
        }
    }

    private void OnWritable()
    {
        bool closeNow;
        lock (_writeLock)
        {
            _flushPosted = false;
            Flush();
            HoldBackIfUnread();
            closeNow = _refusing && IsIdle;
        }

        if (closeNow)
        {
            Close(null);
        }
    }

    /// <summary>Writes until the kernel is full or a descriptor must be answered first. Under the lock, on the loop.</summary>
    private void Flush()
    {
        while (_writeFailure is null && Next() is { } write)
        {
            var written = TryWrite(write.Remaining, write.Written == 0 ? write.Handle : null);
            if (written < 0)
            {
                break;
            }

            write.Written += written;
            _queuedBytes -= written;
            if (write.Remaining.Length > 0)
            {
                _partial = write.Written > 0 ? write : null;
                SetWantsWrite(!RetryLater());
                return;
            }

            if (!TryRemoveAnswer(write))
            {
                _queue.Remove(write);
                _burst.Written(write.Lines);
            }

            _partial = null;
            write.Complete();
            if (write.Handle is not null)
            {
                WaitForAnswer(write);
            }
        }

        SetWantsWrite(false);
    }

    /// <summary>What may be written now: a begun line, then answers, then the rest unless a descriptor is under way.</summary>
    private PendingWrite? Next()
        => _partial ?? (_answers.TryPeek(out var answer) ? answer : _unanswered is null ? _queue.First?.Value : null);

    private bool TryRemoveAnswer(PendingWrite write)
    {
        if (!_answers.TryPeek(out var answer) || answer != write)
        {
            return false;
        }

        _answers.Dequeue();
        return true;
    }

    /// <summary>
    /// Out of kernel memory, or too many descriptors under way in the system (ETOOMANYREFS): the socket still counts as writable,
    /// so waiting for that would spin. Time is waited for instead.
    /// </summary>
    private bool RetryLater()
    {
        if (!_starved)
        {
            return false;
        }

        _starved = false;
        _ = Task.Delay(RetryDelay).ContinueWith(_ => _loop.Post(OnWritable), TaskScheduler.Default);
        return true;
    }

    private void WaitForAnswer(PendingWrite write)
    {
        _unanswered = write;
        _queuedAtHandle = _queuedBytes;
    }

    /// <summary>On the loop, after reading: a peer that never answers a descriptor, and makes us reply all the time, would fill this process.</summary>
    private void CloseIfNeverAnswered()
    {
        if (_holdsBack && !_closed && Volatile.Read(ref _unanswered) is not null && Volatile.Read(ref _queuedBytes) - Volatile.Read(ref _queuedAtHandle) > MostBehindHandle)
        {
            Close(Offence($"has not answered a descriptor, behind which more than {MostBehindHandle} bytes wait"));
        }
    }

    private void OnHandleAnswer(bool received)
    {
        bool closeNow;
        Action? refused = null;
        lock (_writeLock)
        {
            var write = _unanswered;
            if (write is null || write.IsWaitingToRepeat)
            {
                return;
            }

            if (!received && write.Attempts++ < MaxHandleAttempts)
            {
                // The peer had no number free for it. In a while perhaps; until then it stays the one under way.
                write.IsWaitingToRepeat = true;
                _ = Task.Delay(RetryDelay).ContinueWith(_ => _loop.Post(() => Repeat(write)), TaskScheduler.Default);
                return;
            }

            _unanswered = null;
            refused = received ? null : write.OnRefused;
            write.Dispose();
            Flush();
            closeNow = _refusing && IsIdle;
        }

        refused?.Invoke();
        if (closeNow)
        {
            Close(null);
        }
    }

    /// <summary>The same message again, unwrapped.</summary>
    private void Repeat(PendingWrite write)
    {
        lock (_writeLock)
        {
            if (_unanswered != write)
            {
                return;
            }

            _unanswered = null;
            write.IsWaitingToRepeat = false;
            write.Written = 0;
            _queuedBytes += write.Remaining.Length;
            _queue.AddFirst(write);
            Flush();
        }
    }

    private void AbandonWrites(Exception? reason)
    {
        lock (_writeLock)
        {
            _writeFailure ??= reason;
            _refusing = true;
            foreach (var write in _queue)
            {
                write.Fail(ClosedException());
            }

            _queue.Clear();
            _answers.Clear();
            _partial = null;
            _unanswered?.Dispose();
            _unanswered = null;
        }
    }

    /// <summary>Half a line would break the channel, so what has begun to go out goes out.</summary>
    private bool TryWithdraw(PendingWrite write)
    {
        lock (_writeLock)
        {
            if (write.Written > 0 || !_queue.Remove(write))
            {
                return false;
            }

            _queuedBytes -= write.Remaining.Length;
            return true;
        }
    }
}
