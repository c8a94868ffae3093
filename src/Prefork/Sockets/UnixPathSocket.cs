using System.Net;
using System.Net.Sockets;
using Prefork.Native;

namespace Prefork.Sockets;

/// <summary>
/// A socket bound to a path, which it removes when it is disposed, if the path is still its own. .NET's own removes whatever is there by then:
/// it would take the path from a cluster that has it meanwhile.
/// </summary>
internal sealed class UnixPathSocket : Socket
{
    private string? _path;
    private FileIdentity? _identity;

    internal UnixPathSocket() : base(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
    {
    }

    /// <param name="address">As short as an address must be.</param>
    /// <param name="path">The same file, wherever this process goes.</param>
    internal void BindTo(string address, string path)
    {
        Bind(new PathEndPoint(address));
        _path = path;
        _identity = FileType.IdentityOf(path);
    }

    /// <summary>Whether clients find it by its path; also by a link that is there instead. Waits for the file system.</summary>
    internal bool IsInPlace() => _path is { } path && (FileType.IdentityOf(path) == _identity || FileType.IdentityOf(path, follow: true) == _identity);

    protected override void Dispose(bool disposing)
    {
        // Before the close: the inode's number is nobody else's as long as the socket is open, and nobody finds the path stale meanwhile.
        // Not by the finalizer, which must not wait for a file system.
        if (disposing && Interlocked.Exchange(ref _path, null) is { } path && FileType.IdentityOf(path) == _identity)
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It stays, and is stale: the next one to bind removes it, or hears why not.
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>An end point that .NET does not know for a path's.</summary>
    private sealed class PathEndPoint(string path) : EndPoint
    {
        private readonly UnixDomainSocketEndPoint _endPoint = new(path);

        public override AddressFamily AddressFamily => AddressFamily.Unix;

        public override SocketAddress Serialize() => _endPoint.Serialize();

        public override EndPoint Create(SocketAddress socketAddress) => _endPoint.Create(socketAddress);

        public override string ToString() => _endPoint.ToString();
    }
}
