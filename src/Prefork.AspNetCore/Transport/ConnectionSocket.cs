using System.Net.Sockets;

namespace Prefork.AspNetCore.Transport;

/// <summary>The socket that the application gets of a connection: a duplicate. Closed by the application, it ends the connection, as Kestrel's does.</summary>
internal sealed class ConnectionSocket(SafeSocketHandle handle, ClusterConnection connection) : Socket(handle)
{
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            connection.OnSocketClosed();
        }
    }
}
