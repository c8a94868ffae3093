using System.IO.Pipes;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Prefork.Native;
using Prefork.Processes;

namespace Prefork;

/// <summary>A worker's operating-system process: Node's <c>worker.process</c>. Signals go to this process and no other, even after its pid is used again.</summary>
public sealed class ChildProcess
{
    private const int HighestSignal = 64;

    private readonly CancellationTokenSource _abandoned = new();
    private ProcessHandle? _handle;
    private Signal? _pending;
    private bool _neverStarted;

    internal ChildProcess(IReadOnlyList<Stream?> stdio) => Stdio = stdio;

    /// <summary>The process id; null before the process runs, and when it could not be started.</summary>
    public int? Id => Volatile.Read(ref _handle)?.Pid;

    /// <summary>When it started, in the clock ticks of <see cref="ProcessEntry"/>.</summary>
    internal long? StartTime => Volatile.Read(ref _handle)?.StartTime;

    /// <summary>Whether it has ended, or never ran.</summary>
    internal bool IsOver => _neverStarted || Exit is not null;

    /// <summary>Cancelled by a SIGKILL for a process that does not run yet: nobody waits for it any more.</summary>
    internal CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Writes to the worker's standard input; null unless it is a pipe (<see cref="ClusterSettings.Silent"/>).</summary>
    public Stream? StandardInput => Stream(0);

    /// <summary>
    /// Reads the worker's standard output; null unless it is a pipe. Read it: a worker that fills a pipe nobody reads stands still.
    /// The stream is the caller's to dispose, and reads to its end after the worker has died.
    /// </summary>
    public Stream? StandardOutput => Stream(1);

    /// <summary>Reads the worker's standard error; as <see cref="StandardOutput"/>.</summary>
    public Stream? StandardError => Stream(2);

    /// <summary>This side of each entry of <see cref="ClusterSettings.Stdio"/> that is a pipe; null for the others.</summary>
    public IReadOnlyList<Stream?> Stdio { get; }

    /// <summary>How the process ended; null while it runs, or when it never ran.</summary>
    public WorkerExit? Exit { get; internal set; }

    /// <summary>Sends a signal. Signal 0 is none: nothing is sent, and the answer is whether the process is there (kill(2)).</summary>
    /// <returns>False when the process has ended, or never ran.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal: Linux has those from 1 to 64.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">No permission to send it.</exception>
    public bool Kill(Signal signal = Signal.SIGTERM)
    {
        ArgumentOutOfRangeException.ThrowIfNegative((int)signal, nameof(signal));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)signal, HighestSignal, nameof(signal));
        ProcessHandle? handle;
        lock (_abandoned)
        {
            handle = _handle;
            if (handle is null && !_neverStarted)
            {
                _pending = signal == 0 || _pending == Signal.SIGKILL ? _pending : signal;
            }
            else if (IsOver)
            {
                return false;
            }
        }

        if (handle is not null)
        {
            return handle.TrySignal(signal);
        }

        // It waits for the start, which sends it.
        if (signal == Signal.SIGKILL)
        {
            _abandoned.Cancel();
        }

        return true;
    }

    /// <summary>It runs. What it was sent meanwhile reaches it now.</summary>
    internal void SetStarted(ProcessHandle handle)
    {
        Signal? pending;
        lock (_abandoned)
        {
            Volatile.Write(ref _handle, handle);
            pending = _pending;
        }

        if (pending is { } signal)
        {
            _ = Kill(signal);
        }
    }

    /// <summary>It will not run. Closes our ends of its pipes: nobody will write to them.</summary>
    internal void SetNeverStarted()
    {
        lock (_abandoned)
        {
            _neverStarted = true;
        }

        foreach (var stream in Stdio)
        {
            stream?.Dispose();
        }
    }

    internal static Stream? OpenStream(int number, FileDescriptor? end)
    {
        if (end is null)
        {
            return null;
        }

        return number switch
        {
            0 => new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(end.Release(), ownsHandle: true)),
            1 or 2 => new AnonymousPipeClientStream(PipeDirection.In, new SafePipeHandle(end.Release(), ownsHandle: true)),
            _ => new NetworkStream(DescriptorSocket.From(end), ownsSocket: true),
        };
    }

    private Stream? Stream(int number) => number < Stdio.Count ? Stdio[number] : null;
}
