using Prefork.Supervision;

namespace Prefork;

/// <summary>What a worker must pass, once it is ready, before it gets clients. A gate of your own: <see cref="Callback"/>, or a type of yours.</summary>
public abstract class HealthGate
{
    /// <summary>
    /// An HTTP GET that must be answered with 200 to 299. It reaches just that worker, past the scheduling policy.
    /// </summary>
    /// <param name="address">
    /// A path (<c>/health</c>), or an address whose host becomes the <c>Host</c> header, whose <c>https</c> means TLS (the certificate is not checked: it is our own worker),
    /// and whose port, if it has one, chooses among the worker's listeners; without one it is the first.
    /// </param>
    /// <param name="timeout">How long an answer may take; null for 5 seconds.</param>
    /// <exception cref="ArgumentException">That is no address.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is not above zero, or more than 24 days.</exception>
    public static HealthGate Http(string address, TimeSpan? timeout = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(address);
        var text = address[0] == '/' ? $"http://localhost{address}" : address;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? new HttpGate(uri, hasPort: HasPort(text), Valid(timeout ?? TimeSpan.FromSeconds(5)))
            : throw new ArgumentException($"'{address}' is neither a path, such as /health, nor an http or https address.", nameof(address));
    }

    /// <summary>The worker must take a connection on its first listener, and not close it within a tenth of a second.</summary>
    public static HealthGate Tcp() => new TcpGate();

    /// <summary>
    /// A command that must end with code 0. It has <c>PREFORK_WORKER_ID</c>, <c>PREFORK_WORKER_PID</c>, <c>PREFORK_WORKER_INDEX</c> and <c>PREFORK_GENERATION</c> in its environment.
    /// </summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="timeout">How long it may take, after which it is killed; null for 30 seconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is not above zero, or more than 24 days.</exception>
    public static HealthGate Command(string file, IEnumerable<string> arguments, TimeSpan? timeout = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        ArgumentNullException.ThrowIfNull(arguments);
        return new CommandGate(file, [.. arguments], Valid(timeout ?? TimeSpan.FromSeconds(30)));
    }

    /// <summary>Code of yours: what it throws is why the worker does not pass.</summary>
    public static HealthGate Callback(Func<WorkerProcess, CancellationToken, Task> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        return new CallbackGate(check);
    }

    /// <summary>Ends when the worker passes.</summary>
    /// <exception cref="Exception">It does not; the message says why. It is tried again until <see cref="SupervisorOptions.HealthGateTimeout"/>.</exception>
    public abstract Task CheckAsync(WorkerProcess worker, CancellationToken cancellationToken);

    /// <summary>Whether it needs a connection to one worker alone, which there is not where workers accept by themselves.</summary>
    internal virtual bool Connects => false;

    private static TimeSpan Valid(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, SupervisorOptions.LongestTime);
        return timeout;
    }

    private static bool HasPort(string text)
    {
        var authority = text[(text.IndexOf("//", StringComparison.Ordinal) + 2)..].Split('/', '?', '#')[0];
        return authority.LastIndexOf(':') > authority.LastIndexOf(']');
    }
}
