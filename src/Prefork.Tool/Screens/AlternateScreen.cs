using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

namespace Prefork.Tool.Screens;

/// <summary>
/// The terminal's other screen (smcup and rmcup), which leaves what was there before as it was, and the keys that are pressed meanwhile. It is left on every way out:
/// at the end of the block, by a signal that ends the process, and while the process is stopped (Ctrl+Z). Only SIGKILL leaves it there: <c>reset</c> helps.
/// </summary>
internal sealed class AlternateScreen : IDisposable
{
    private const string Enter = "\x1b[?1049h\x1b[?25l";
    private const string Leave = "\x1b[0m\x1b[?25h\x1b[?1049l";

    private readonly Lock _lock = new();
    private readonly Channel<ConsoleKey?> _events = Channel.CreateBounded<ConsoleKey?>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly PosixSignalRegistration[] _signals;
    private bool _isLeft;

    internal AlternateScreen()
    {
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => Dispose()),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => Dispose()),
            PosixSignalRegistration.Create(PosixSignal.SIGTSTP, Suspend),
            PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Show()),
            PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _events.Writer.TryWrite(null)),
        ];
        TryWrite(Enter);

        // Nothing ends a read of a key; it ends with the process.
        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <summary>Keys; null when all is to be drawn again.</summary>
    internal ChannelReader<ConsoleKey?> Events => _events.Reader;

    /// <exception cref="OutputException">The terminal has gone.</exception>
    internal void Draw(IEnumerable<string> lines)
    {
        lock (_lock)
        {
            if (!_isLeft)
            {
                // From the top over what is there: a screen that is cleared first flickers.
                StandardStream.Output.Write(Encoding.UTF8.GetBytes($"\x1b[H{string.Join("\r\n", lines.Select(static line => $"{line}\x1b[K"))}\x1b[J"));
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isLeft)
            {
                _isLeft = true;
                TryWrite(Leave);
            }
        }

        foreach (var signal in _signals ?? [])
        {
            signal.Dispose();
        }
    }

    /// <summary>Ctrl+Z. With a handler .NET does not stop the process: it is done here, and goes on with SIGCONT.</summary>
    private void Suspend(PosixSignalContext signal)
    {
        signal.Cancel = true;
        lock (_lock)
        {
            TryWrite(Leave);
            Control.Native.Suspend();
        }
    }

    private void Show()
    {
        lock (_lock)
        {
            if (!_isLeft)
            {
                TryWrite(Enter);
                _events.Writer.TryWrite(null);
            }
        }
    }

    private void ReadKeys()
    {
        try
        {
            while (!_isLeft)
            {
                _events.Writer.TryWrite(Console.ReadKey(intercept: true).Key);
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException)
        {
            // Standard input is no terminal, or has gone. Ctrl+C is left.
        }
    }

    private static void TryWrite(string text)
    {
        try
        {
            StandardStream.Output.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (OutputException)
        {
            // The terminal has gone.
        }
    }
}
