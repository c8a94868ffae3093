using System.Runtime.InteropServices;
using System.Text;

namespace Prefork.Tool;

/// <summary>
/// Standard output or standard error. Unlike .NET's own it says when nobody reads any more (EPIPE), so that a command that writes on and on ends; and what cannot
/// be written is named. The descriptor stays the process's.
/// </summary>
internal sealed unsafe partial class StandardStream : Stream
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;
    private const short Writable = 4;
    private const short Failed = 8 | 16;

    private const nuint GetWindowSize = 0x5413;
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    private readonly Lock _writing = new();
    private readonly int _descriptor;
    private readonly bool _canFail;

    private StandardStream(int descriptor, bool canFail)
    {
        _descriptor = descriptor;
        _canFail = canFail;
    }

    /// <summary>What cannot be written there is an error: <see cref="OutputException"/>.</summary>
    internal static StandardStream Output { get; } = new(1, canFail: true);

    /// <summary>What cannot be written there is lost: nobody is left to be told, and no operation ends for it.</summary>
    internal static StandardStream Error { get; } = new(2, canFail: false);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether whoever read from it has gone: a pipe or a socket without another end, a terminal that was closed.</summary>
    internal bool HasNoReader
    {
        get
        {
            var wait = new Wait { Descriptor = _descriptor };
            return Poll(&wait, 1, 0) == 1 && (wait.Result & Failed) != 0;
        }
    }

    /// <summary>Columns and lines of the terminal, or what is usual where it does not say. <see cref="Console"/> would write to the terminal to find out.</summary>
    internal (int Width, int Height) Size
    {
        get
        {
            var size = default(WindowSize);
            return Control(_descriptor, GetWindowSize, &size) == 0 && size is { Columns: > 0, Lines: > 0 } ? (size.Columns, size.Lines) : (UsualWidth, UsualHeight);
        }
    }

    /// <summary>From here on <see cref="Console"/> writes by these.</summary>
    internal static void Install()
    {
        Console.SetOut(new StreamWriter(Output, new UTF8Encoding(false)) { AutoFlush = true });
        Console.SetError(new StreamWriter(Error, new UTF8Encoding(false)) { AutoFlush = true });
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>All of it, with nothing of another thread's in between.</summary>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_writing)
        {
            WriteAll(buffer);
        }
    }

    private void WriteAll(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            for (nint written = 0; written < buffer.Length;)
            {
                var count = WriteSome(_descriptor, bytes + written, buffer.Length - written);
                if (count >= 0)
                {
                    written += count;
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted:
                        break;
                    case TryAgain:
                        // Whoever shares the descriptor has made it so.
                        var wait = new Wait { Descriptor = _descriptor, Events = Writable };
                        _ = Poll(&wait, 1, -1);
                        break;
                    case var error when _canFail:
                        throw new OutputException(error == BrokenPipe, Marshal.GetPInvokeErrorMessage(error));
                    default:
                        return;
                }
            }
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteSome(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(Wait* waits, ulong count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, WindowSize* size);

    /// <summary>struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        internal ushort Lines;
        internal ushort Columns;
        internal ushort Width;
        internal ushort Height;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Wait
    {
        internal int Descriptor;
        internal short Events;
        internal short Result;
    }
}

/// <summary>Standard output cannot be written.</summary>
/// <param name="nobodyReads">Because its other end is closed: nobody wants more of it.</param>
/// <param name="why">As the system says it.</param>
internal sealed class OutputException(bool nobodyReads, string why) : IOException($"standard output cannot be written: {why}. What it would have said is lost.")
{
    internal bool NobodyReads { get; } = nobodyReads;

    internal string Why { get; } = why;
}
