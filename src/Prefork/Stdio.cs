using System.Runtime.InteropServices;

namespace Prefork;

/// <summary>What a worker's descriptor is connected to: an entry of <see cref="ClusterSettings.Stdio"/>, as in Node's <c>stdio</c>.</summary>
public sealed class Stdio
{
    private Stdio(Kind target, SafeHandle? handle = null)
    {
        Target = target;
        Handle = handle;
    }

    internal enum Kind
    {
        Inherit,
        Pipe,
        Ignore,
        Channel,
        Handle,
    }

    /// <summary>The primary's own descriptor of the same number.</summary>
    public static Stdio Inherit { get; } = new(Kind.Inherit);

    /// <summary>
    /// A pipe, whose other end is a stream of <see cref="ChildProcess"/>. Descriptors 0 to 2 are pipes in one direction,
    /// others socket pairs in both.
    /// </summary>
    public static Stdio Pipe { get; } = new(Kind.Pipe);

    /// <summary><c>/dev/null</c>.</summary>
    public static Stdio Ignore { get; } = new(Kind.Ignore);

    /// <summary>The channel: exactly one entry must be it. Node's <c>ipc</c>.</summary>
    public static Stdio Channel { get; } = new(Kind.Channel);

    internal Kind Target { get; }

    internal SafeHandle? Handle { get; }

    /// <summary>An open file, pipe or socket of the primary's; it stays the caller's, and must stay open until the fork.</summary>
    public static Stdio FromHandle(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return new Stdio(Kind.Handle, handle);
    }
}
